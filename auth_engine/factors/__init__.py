"""What proves who somebody is: passwords, one-time codes, security keys."""
