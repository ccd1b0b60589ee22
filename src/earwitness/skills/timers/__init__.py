"""Timers, alarms and reminders: durable, named, and rung on the device that set them."""
