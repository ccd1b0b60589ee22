"""What people see of what is held about them, and the checks that try to break the promises."""
