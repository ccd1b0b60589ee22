"""Home control as one of the assistant's skills: a conversation for each device, and what it did can be taken back."""
