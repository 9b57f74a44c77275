select (select json_build_object('aggregate', json_build_object('count', "pg_catalog"."count"(*), 'rated', "pg_catalog"."count"(distinct "~t1"."rating"), 'sum', json_build_object('rating', "pg_catalog"."sum"("~t1"."rating")), 'avg', json_build_object('length', "pg_catalog"."avg"("~t1"."length")), 'max', json_build_object('title', "pg_catalog"."max"("~t1"."title"))))
  from "public"."article" as "~t1"
  where ("~t1"."views" > ($1::text)::"pg_catalog"."int8"))

-- $1  literal '10'
