"""What people may ask about their own data: what was heard, why, delete it, do not listen."""
