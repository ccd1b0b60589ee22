"""What the assistant can do for people; one folder a skill."""
