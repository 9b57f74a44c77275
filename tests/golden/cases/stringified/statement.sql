select (select row_to_json("~t2")
  from (select ("~t1"."views")::text as "views", ("~t1"."rating")::text as "rating"
    from "public"."article" as "~t1"
    where ("~t1"."id" = ($1::text)::"pg_catalog"."int4")
    limit 1) as "~t2"), (select json_build_object('aggregate', json_build_object('sum', json_build_object('views', ("pg_catalog"."sum"("~t3"."views"))::text), 'avg', json_build_object('rating', ("pg_catalog"."avg"("~t3"."rating"))::text)))
  from "public"."article" as "~t3")

-- $1  literal '4'
