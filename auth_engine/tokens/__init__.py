"""What is signed, sealed or hashed: access tokens, refresh tokens, tickets, codes, and what is encrypted at rest."""
