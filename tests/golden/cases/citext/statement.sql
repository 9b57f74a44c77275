select (select coalesce(json_agg(row_to_json("~t2")), '[]')
  from (select "~t1"."email" as "email"
    from "public"."author" as "~t1"
    where ("~t1"."email" operator("public".=) any (($1::text)::"public"."citext"[]))) as "~t2"), (select json_build_object('aggregate', json_build_object('min', json_build_object('email', "public"."min"("~t3"."email"))))
  from "public"."author" as "~t3")

-- $1  literal '{"ADA@example.com"}'
