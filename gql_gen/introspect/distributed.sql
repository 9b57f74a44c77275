-- Tables that Citus spreads over its workers, asked for only where Citus is installed. A reference table, whole on
-- every worker, has partmethod n.
select logicalrelid::oid::text as oid from pg_catalog.pg_dist_partition where partmethod <> 'n'
