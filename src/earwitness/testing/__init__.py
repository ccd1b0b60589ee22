"""What tests and benchmarks share: fakes of the ports and the crash laboratory. Nothing else imports it."""
