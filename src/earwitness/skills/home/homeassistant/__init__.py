"""Home Assistant: its REST API for states and services, its WebSocket API for floors, areas and names."""
