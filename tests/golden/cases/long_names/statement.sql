select (select coalesce(json_agg("~t2"."~w"
      order by "~t2"."~k0"), '[]')
  from (select array_to_string(array['{"a2345678901234567890123456789012345678901234567890123456789012345_one":', coalesce(to_json("~t1"."name")::text, 'null'), '}'], '')::json as "~w", "~t1"."name" as "~k0"
    from "public"."tag" as "~t1"
    order by "~t1"."name"
    limit ($1::text)::"pg_catalog"."int8") as "~t2")

-- $1  literal '1'
