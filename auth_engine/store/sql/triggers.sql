-- The triggers of auth.users, by their names; each is made where it is missing. What they call stands in schema/engine.sql.

-- name: auth_engine_user_disabled
create trigger auth_engine_user_disabled after update on auth.users
  for each row when (old.disabled is distinct from new.disabled)
  execute function auth_engine.user_disabled();

-- name: auth_engine_user_deleted
create trigger auth_engine_user_deleted after delete on auth.users
  for each row execute function auth_engine.user_deleted();

-- name: auth_engine_email
create trigger auth_engine_email before update on auth.users
  for each row when (old.email is distinct from new.email)
  execute function auth_engine.email_changed();

-- name: auth_engine_otp
create trigger auth_engine_otp before update on auth.users
  for each row when (
    old.phone_number is distinct from new.phone_number
    and old.otp_hash is not null and old.otp_hash is not distinct from new.otp_hash
  )
  execute function auth_engine.end_otp();

-- name: auth_engine_phone_number_1
create trigger auth_engine_phone_number_1 before update on auth.users
  for each row when (old.phone_number is distinct from new.phone_number and new.phone_number_verified)
  execute function auth_engine.unverify_phone_number('mark');

-- name: auth_engine_phone_number_2
create trigger auth_engine_phone_number_2 before update of phone_number_verified on auth.users
  for each row when (old.phone_number is distinct from new.phone_number and new.phone_number_verified is null)
  execute function auth_engine.unverify_phone_number('keep');

-- name: auth_engine_phone_number_3
create trigger auth_engine_phone_number_3 before update on auth.users
  for each row when (old.phone_number is distinct from new.phone_number and new.phone_number_verified is null)
  execute function auth_engine.unverify_phone_number('clear');
