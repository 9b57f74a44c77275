-- delete_article_tag: delete public.article_tag
with "~w" as (delete from "public"."article_tag" as "~t1"
  where exists (select 1
    from "public"."tag" as "~t2"
    where "~t2"."id" = "~t1"."tag_id" and ("~t2"."name" = ($1::text)::"pg_catalog"."text"))
  returning "~t1"."article_id" as "article_id", "~t1"."weight" as "weight", true as "~ok") select row_to_json((select "~e"
    from (select (select count(*)
        from "~w") as "affected_rows", (select coalesce(json_agg(row_to_json("~t4")), '[]')
        from (select "~t3"."article_id" as "article_id", "~t3"."weight" as "weight"
          from (select *
            from "~w") as "~t3") as "~t4") as "returning") as "~e")), (select count(*)
  from "~w")

-- $1  literal 'craft'

-- delete_tag_by_pk: delete public.tag
with "~w" as (delete from "public"."tag" as "~t1"
  where ("~t1"."id" = ($1::text)::"pg_catalog"."int2")
  returning "~t1"."name" as "name", true as "~ok") select (select row_to_json("~t3")
  from (select "~t2"."name" as "name"
    from (select *
      from "~w") as "~t2"
    limit 1) as "~t3"), (select count(*)
  from "~w")

-- $1  literal '4'
