"""What may be kept, and who may open it: purposes, consent, retention, Cedar policies and grants."""
