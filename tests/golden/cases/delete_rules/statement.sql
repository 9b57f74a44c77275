-- delete_article: delete public.article
with "~w" as (delete from "public"."article" as "~t1"
  where ("~t1"."author_id" = ($1::text)::"pg_catalog"."int4") and ("~t1"."state" <> ($2::text)::"public"."article_state") and ("~t1"."state" = ($2::text)::"public"."article_state") and ("~t1"."views" < ($3::text)::"pg_catalog"."int8")
  returning true as "~ok") select row_to_json((select "~e"
    from (select (select count(*)
        from "~w") as "affected_rows") as "~e")), (select count(*)
  from "~w")

-- $1  session x-hasura-author-id
-- $2  literal 'published'
-- $3  literal '10'

-- everything: delete public.article
with "~w" as (delete from "public"."article" as "~t1"
  where ("~t1"."author_id" = ($1::text)::"pg_catalog"."int4") and ("~t1"."state" <> ($2::text)::"public"."article_state")
  returning true as "~ok") select row_to_json((select "~e"
    from (select (select count(*)
        from "~w") as "affected_rows") as "~e")), (select count(*)
  from "~w")

-- $1  session x-hasura-author-id
-- $2  literal 'published'
