"""What steers the conversation itself: stop, never mind, repeat, help, greetings and thanks."""
