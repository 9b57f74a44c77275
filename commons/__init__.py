"""What both engines and the front door stand on: fields of settings, addresses of visitors, the writing of answers."""
