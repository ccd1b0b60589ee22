"""Recognition: sound of one utterance in, what was said out, n-best with times and confidences."""
