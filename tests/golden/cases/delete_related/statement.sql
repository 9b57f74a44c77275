-- delete_comment: delete public.comment
with "~w" as (delete from "public"."comment" as "~t1"
  where ("~t1"."id" > ($1::text)::"pg_catalog"."int8")
  returning "~t1"."article_id" as "article_id", "~t1"."body" as "body", true as "~ok") select null::json, (select count(*)
  from "~w"), (select json_agg(row_to_json("~i"))::text
  from (select ("~x"."article_id")::text as "article_id", ("~x"."body")::text as "body", row_number() over () - 1 as "~o"
    from "~w" as "~x") as "~i")

-- $1  literal '1'

-- delete_comment: read back
select row_to_json((select "~e"
    from (select (select coalesce(json_agg(row_to_json("~t2")), '[]')
        from (select "~t1"."body" as "body", (select row_to_json("~t6")
            from (select "~t3"."title" as "title", (select coalesce(json_agg(row_to_json("~t5")), '[]')
                from (select "~t4"."body" as "body"
                  from "public"."comment" as "~t4"
                  where "~t4"."article_id" = "~t3"."id") as "~t5") as "comments"
              from "public"."article" as "~t3"
              where "~t3"."id" = "~t1"."article_id"
              limit 1) as "~t6") as "article"
          from (select *
            from (select ("~t7"."article_id")::"pg_catalog"."int4" as "article_id", ("~t7"."body")::"pg_catalog"."text" as "body", "~o"
              from json_to_recordset(($1::text)::"pg_catalog"."json") as "~t7"("article_id" text, "body" text, "~o" int)) as "~t8"
            order by "~o") as "~t1") as "~t2") as "returning") as "~e")), 0::int8

-- $1  step 0.2
