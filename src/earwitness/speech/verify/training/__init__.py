"""How the learned verifiers come about: renderings, disturbances, fitting. Not needed to run them."""
