"""The one command, `yizhan`, and what starts several programs together (the demo)."""
