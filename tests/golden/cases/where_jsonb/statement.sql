select (select coalesce(json_agg(row_to_json("~t2")), '[]')
  from (select "~t1"."id" as "id", ("~t1"."settings" #> ($1::text)::"pg_catalog"."text"[]) as "settings"
    from "public"."author" as "~t1"
    where ("~t1"."settings" @> ($2::text)::"pg_catalog"."jsonb") and ("~t1"."settings" ?| ($3::text)::"pg_catalog"."text"[]) and (("~t1"."settings")::text ~~ ($4::text)::"pg_catalog"."text")) as "~t2")

-- $1  literal '{"limits","daily"}'
-- $2  variable part
-- $3  literal '{"theme","news"}'
-- $4  literal '%dark%'  (a pattern, tried first)
