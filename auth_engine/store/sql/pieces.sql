-- What statements of several files share.

-- piece: user_columns
u.id::text, u.created_at, u.disabled, u.display_name, u.avatar_url, u.locale, u.email::text, u.phone_number,
u.password_hash, u.email_verified, u.phone_number_verified, u.new_email::text, u.default_role, u.is_anonymous,
u.totp_secret, u.active_mfa_type, u.ticket, u.ticket_expires_at, u.otp_hash, u.otp_hash_expires_at, u.metadata::text,
array(select r.role from auth.user_roles r where r.user_id = u.id order by r.created_at, r.role) as roles,
(select d.disabled_at from auth_engine.disablings d where d.user_id = u.id) as not_before
