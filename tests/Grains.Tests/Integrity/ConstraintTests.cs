using GrainVault.Grains.Tests.Support;
using GrainVault.TestKit;
using Npgsql;

namespace GrainVault.Grains.Tests.Integrity;

/// <summary>What the database refuses whatever a grain believes: each rule is tried by a write around the application.</summary>
public sealed class ConstraintTests(ConstraintTests.Fixture fixture) : IClassFixture<ConstraintTests.Fixture>
{
    private const string Schemas = "('catalogue'::regnamespace, 'identity'::regnamespace)";

    public static TheoryData<string, string, string> Cases
    {
        get
        {
            var data = new TheoryData<string, string, string>();
            foreach (var (rule, sql, raised) in ConstraintCases.All)
                data.Add(rule, sql, raised);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Database_refuses_what_must_not_be(string rule, string sql, string raised)
    {
        var refusal = await fixture.RefusalAsync(CatalogueRows.WithIds(sql));

        Assert.True(refusal is not null, $"nothing refused {sql}, which is against {rule}");
        Assert.Equal(raised, refusal.ConstraintName ?? refusal.SqlState);
    }

    [Fact]
    public async Task Every_rule_of_the_database_has_a_case()
    {
        var rules = await fixture.ListAsync(
            $"""
            SELECT conname FROM pg_constraint WHERE connamespace IN {Schemas} AND contype NOT IN ('p', 'n', 't')
            UNION SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                WHERE c.relnamespace IN {Schemas} AND i.indisunique AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid)
            UNION SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
                WHERE c.relnamespace IN {Schemas} AND NOT t.tgisinternal AND p.prosrc ~ 'RAISE EXCEPTION'
            UNION SELECT m[1] FROM pg_proc p, regexp_matches(p.prosrc, 'CONSTRAINT = ''([^'']+)''', 'g') m WHERE p.pronamespace IN {Schemas}
            """);
        var tried = ConstraintCases.All.Select(item => item.Rule).ToHashSet(StringComparer.Ordinal);

        Assert.True(
            rules.All(tried.Contains),
            $"Without a case in {nameof(ConstraintCases)}, a write that breaks the rule and is refused: {string.Join(", ", rules.Where(rule => !tried.Contains(rule)))}");
        Assert.True(
            tried.All(rules.Contains),
            $"In {nameof(ConstraintCases)}, but no rule of the database any more: {string.Join(", ", tried.Where(rule => !rules.Contains(rule)))}");
    }

    [Fact]
    public async Task No_row_can_be_there_twice()
    {
        foreach (var line in await fixture.ListAsync($"SELECT conname || ' ' || conrelid::regclass FROM pg_constraint WHERE connamespace IN {Schemas} AND contype = 'p'"))
        {
            var (key, table) = (line.Split(' ')[0], line.Split(' ')[1]);
            var columns = string.Join(", ", await fixture.ColumnsAsync(table));

            var refusal = await fixture.RefusalAsync($"INSERT INTO {table} ({columns}) SELECT {columns} FROM {table}");

            Assert.True(refusal is not null, $"{table} has no row in {nameof(CatalogueRows)}");
            Assert.Equal((PostgresErrorCodes.UniqueViolation, key), (refusal.SqlState, refusal.ConstraintName));
        }
    }

    [Fact]
    public async Task No_value_can_be_missing_where_it_must_be()
    {
        var required = await fixture.ListAsync(
            $"""
            SELECT c.oid::regclass || ' ' || quote_ident(a.attname) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            WHERE c.relkind = 'r' AND c.relnamespace IN {Schemas} AND a.attnum > 0 AND a.attnotnull AND NOT a.attisdropped
            """);
        Assert.True(required.Count > 100, $"{required.Count} columns");
        foreach (var line in required)
        {
            var (table, column) = (line.Split(' ')[0], line.Split(' ')[1]);
            var columns = await fixture.ColumnsAsync(table);

            // A whole row, since rows of some tables can't be changed.
            var refusal = await fixture.RefusalAsync(
                $"INSERT INTO {table} ({string.Join(", ", columns)}) SELECT {string.Join(", ", columns.Select(name => name == column ? "NULL" : name))} FROM {table}");

            Assert.True(refusal is not null, $"{table} has no row in {nameof(CatalogueRows)}");
            Assert.Equal((PostgresErrorCodes.NotNullViolation, column), (refusal.SqlState, refusal.ColumnName));
        }
    }

    /// <summary>A migrated database, and in it a transaction in which there is a row in every table.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        private PostgresDatabase _database = null!;
        private NpgsqlConnection _connection = null!;
        private NpgsqlTransaction _transaction = null!;

        public async Task InitializeAsync()
        {
            _database = await PostgresDatabase.CreateAsync(GrainsHost.TemplateName, GrainsHost.MigrateAsync);
            _connection = new NpgsqlConnection(_database.ForSchema("catalogue"));
            await _connection.OpenAsync();
            _transaction = await _connection.BeginTransactionAsync();
            await using var fill = new NpgsqlCommand(CatalogueRows.Sql, _connection);
            await fill.ExecuteNonQueryAsync();
        }

        public async Task DisposeAsync()
        {
            await _transaction.DisposeAsync();
            await _connection.DisposeAsync();
            await _database.DisposeAsync();
        }

        /// <summary>What refuses the statements, which leave nothing in any case; null when they were carried out.</summary>
        public async Task<PostgresException?> RefusalAsync(string sql)
        {
            await _transaction.SaveAsync("before");
            try
            {
                await using var command = new NpgsqlCommand(sql, _connection);
                await command.ExecuteNonQueryAsync();
                return null;
            }
            catch (PostgresException exception)
            {
                return exception;
            }
            finally
            {
                await _transaction.RollbackAsync("before");
            }
        }

        public async Task<List<string>> ListAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, _connection);
            await using var reader = await command.ExecuteReaderAsync();
            var rows = new List<string>();
            while (await reader.ReadAsync())
                rows.Add(reader.GetString(0));
            return rows;
        }

        public Task<List<string>> ColumnsAsync(string table) =>
            ListAsync($"SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''");
    }
}
