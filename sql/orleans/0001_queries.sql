-- The contract of the official ADO.NET providers: they read this table once and run its texts word for word, with named
-- parameters. Tables and SQL are ours; names of keys, parameters and result columns are the contract.
CREATE TABLE OrleansQuery
(
    QueryKey  text NOT NULL PRIMARY KEY,
    QueryText text NOT NULL
);
