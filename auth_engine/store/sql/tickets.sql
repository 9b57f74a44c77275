-- Tickets and mailed codes, kept as digests in auth.users.

-- name: put
update auth.users u set ticket = $2, ticket_expires_at = now() + make_interval(secs => $3) where u.id = $1::uuid;
