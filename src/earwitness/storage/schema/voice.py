"""The tables of skills: timers, alarms, lists."""
