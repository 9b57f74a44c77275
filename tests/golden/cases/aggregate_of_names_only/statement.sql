select (select json_build_object('__typename', 'tag_aggregate'::text, 'aggregate', json_build_object('__typename', 'tag_aggregate_fields'::text)))
