"""The adapters: what each part of the voice loop learns from examples. They run in the learner's process."""
