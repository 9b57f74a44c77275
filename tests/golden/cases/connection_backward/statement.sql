select (select json_build_object('edges', coalesce(json_agg(row_to_json((select "~e"
            from (select "~t1"."~c" as "cursor", row_to_json((select "~e"
                  from (select "~t1"."title" as "title", "~t1"."rating" as "rating") as "~e")) as "node") as "~e"))
        order by "~t1"."~n" desc) filter (where "~t1"."~n" <= ($1::text)::"pg_catalog"."int8"), '[]'), 'pageInfo', json_build_object('hasNextPage', (exists (select 1
          from "public"."article" as "~t2"
          where (((($2::text)::"pg_catalog"."numeric" is null and "~t2"."rating" is not null) or ("~t2"."rating" < ($2::text)::"pg_catalog"."numeric")) or (("~t2"."rating" = ($2::text)::"pg_catalog"."numeric" or ("~t2"."rating" is null and ($2::text)::"pg_catalog"."numeric" is null)) and (("~t2"."title" > ($3::text)::"pg_catalog"."text") or (("~t2"."title" = ($3::text)::"pg_catalog"."text") and ("~t2"."id" >= ($4::text)::"pg_catalog"."int4"))))))), 'hasPreviousPage', ((count(*) > ($1::text)::"pg_catalog"."int8"))))
  from (select "~t3".*, row_number() over () as "~n", translate(encode(convert_to((json_build_object('rating', "~t3"."~k0", 'title', "~t3"."~k1", 'id', "~t3"."~k2"))::text, 'UTF8'), 'base64'), E'\n', '') as "~c"
    from (select "~t4"."title" as "title", "~t4"."rating" as "rating", "~t4"."rating" as "~k0", "~t4"."title" as "~k1", "~t4"."id" as "~k2"
      from "public"."article" as "~t4"
      where ((($2::text)::"pg_catalog"."numeric" is not null and ("~t4"."rating" is null or ("~t4"."rating" > ($2::text)::"pg_catalog"."numeric"))) or (("~t4"."rating" = ($2::text)::"pg_catalog"."numeric" or ("~t4"."rating" is null and ($2::text)::"pg_catalog"."numeric" is null)) and (("~t4"."title" < ($3::text)::"pg_catalog"."text") or (("~t4"."title" = ($3::text)::"pg_catalog"."text") and ("~t4"."id" < ($4::text)::"pg_catalog"."int4")))))
      order by "~t4"."rating", "~t4"."title" desc, "~t4"."id" desc
      limit ($1::text)::"pg_catalog"."int8" + 1) as "~t3") as "~t1" having true)

-- $1  literal '2'
-- $2  variable before
-- $3  variable before
-- $4  variable before
