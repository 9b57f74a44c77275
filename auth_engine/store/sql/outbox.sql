-- Mails, text messages and webhook calls that have yet to be delivered.

-- name: add
insert into auth_engine.outbox (kind, user_id, ticket_digest, sealed, expires_at)
values ($1, $2::uuid, $3, $4, now() + make_interval(secs => $5))
returning id::text;
