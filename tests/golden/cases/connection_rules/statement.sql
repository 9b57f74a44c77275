select (select json_build_object('edges', coalesce(json_agg(row_to_json((select "~e"
            from (select row_to_json((select "~e"
                  from (select "~t1"."title" as "title", (case when ("~t1"."author_id" = ($1::text)::"pg_catalog"."int4") then "~t1"."views" end) as "views") as "~e")) as "node") as "~e"))
        order by "~t1"."~n") filter (where "~t1"."~n" <= least(($2::text)::"pg_catalog"."int8", 5)), '[]'), 'pageInfo', json_build_object('hasPreviousPage', (exists (select 1
          from (select (select "~t4"."name"
              from "public"."author" as "~t4"
              where "~t4"."id" = "~t3"."author_id" and ("~t4"."is_active" = ($3::text)::"pg_catalog"."bool")
              limit 1) as "~k0", (case when ("~t3"."author_id" = ($1::text)::"pg_catalog"."int4") then "~t3"."views" end) as "~k1", "~t3"."id" as "~k2"
            from "public"."article" as "~t3"
            where (("~t3"."state" = ($4::text)::"public"."article_state") or ("~t3"."author_id" = ($1::text)::"pg_catalog"."int4")) offset 0) as "~t2"
          where (((($5::text)::"pg_catalog"."text" is null and "~t2"."~k0" is not null) or ("~t2"."~k0" < ($5::text)::"pg_catalog"."text")) or (("~t2"."~k0" = ($5::text)::"pg_catalog"."text" or ("~t2"."~k0" is null and ($5::text)::"pg_catalog"."text" is null)) and (((($6::text)::"pg_catalog"."int8" is null and "~t2"."~k1" is not null) or ("~t2"."~k1" > ($6::text)::"pg_catalog"."int8")) or (("~t2"."~k1" = ($6::text)::"pg_catalog"."int8" or ("~t2"."~k1" is null and ($6::text)::"pg_catalog"."int8" is null)) and ("~t2"."~k2" <= ($7::text)::"pg_catalog"."int4"))))))), 'hasNextPage', ((count(*) > least(($2::text)::"pg_catalog"."int8", 5)))))
  from (select "~t5".*, row_number() over () as "~n"
    from (select "~t6".*
      from (select "~t7"."title" as "title", "~t7"."author_id" as "author_id", "~t7"."views" as "views", (select "~t8"."name"
          from "public"."author" as "~t8"
          where "~t8"."id" = "~t7"."author_id" and ("~t8"."is_active" = ($3::text)::"pg_catalog"."bool")
          limit 1) as "~k0", (case when ("~t7"."author_id" = ($1::text)::"pg_catalog"."int4") then "~t7"."views" end) as "~k1", "~t7"."id" as "~k2"
        from "public"."article" as "~t7"
        where (("~t7"."state" = ($4::text)::"public"."article_state") or ("~t7"."author_id" = ($1::text)::"pg_catalog"."int4")) offset 0) as "~t6"
      where ((($5::text)::"pg_catalog"."text" is not null and ("~t6"."~k0" is null or ("~t6"."~k0" > ($5::text)::"pg_catalog"."text"))) or (("~t6"."~k0" = ($5::text)::"pg_catalog"."text" or ("~t6"."~k0" is null and ($5::text)::"pg_catalog"."text" is null)) and ((($6::text)::"pg_catalog"."int8" is not null and ("~t6"."~k1" is null or ("~t6"."~k1" < ($6::text)::"pg_catalog"."int8"))) or (("~t6"."~k1" = ($6::text)::"pg_catalog"."int8" or ("~t6"."~k1" is null and ($6::text)::"pg_catalog"."int8" is null)) and ("~t6"."~k2" > ($7::text)::"pg_catalog"."int4")))))
      order by "~t6"."~k0", "~t6"."~k1" desc nulls last, "~t6"."~k2"
      limit least(($2::text)::"pg_catalog"."int8", 5) + 1) as "~t5") as "~t1" having true)

-- $1  session x-hasura-author-id
-- $2  variable first
-- $3  literal 'true'
-- $4  literal 'published'
-- $5  variable after
-- $6  variable after
-- $7  variable after
