-- What happened to accounts.

-- name: add
insert into auth_engine.audit (user_id, event, address, user_agent, detail) values ($1::uuid, $2, $3, $4, $5::text::jsonb);
