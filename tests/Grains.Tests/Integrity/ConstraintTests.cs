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
        await using var rows = await fixture.BeginAsync();

        var refusal = await rows.RefusalAsync(CatalogueRows.WithIds(sql));

        Assert.True(refusal is not null, $"nothing refused {sql}, which is against {rule}");
        Assert.Equal(raised, refusal.ConstraintName ?? refusal.SqlState);
    }

    [Fact]
    public async Task Every_rule_of_the_database_has_a_case()
    {
        await using var rows = await fixture.BeginAsync();
        var rules = await rows.ListAsync(
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
        await using var rows = await fixture.BeginAsync();
        foreach (var line in await rows.ListAsync($"SELECT conname || ' ' || conrelid::regclass FROM pg_constraint WHERE connamespace IN {Schemas} AND contype = 'p'"))
        {
            var (key, table) = (line.Split(' ')[0], line.Split(' ')[1]);
            var columns = string.Join(", ", await rows.ColumnsAsync(table));

            var refusal = await rows.RefusalAsync($"INSERT INTO {table} ({columns}) SELECT {columns} FROM {table}");

            Assert.True(refusal is not null, $"{table} has no row in {nameof(CatalogueRows)}");
            Assert.Equal((PostgresErrorCodes.UniqueViolation, key), (refusal.SqlState, refusal.ConstraintName));
        }
    }

    [Fact]
    public async Task No_value_can_be_missing_where_it_must_be()
    {
        await using var rows = await fixture.BeginAsync();
        var required = await rows.ListAsync(
            $"""
            SELECT c.oid::regclass || ' ' || quote_ident(a.attname) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            WHERE c.relkind = 'r' AND c.relnamespace IN {Schemas} AND a.attnum > 0 AND a.attnotnull AND NOT a.attisdropped
            """);
        Assert.True(required.Count > 100, $"{required.Count} columns");
        foreach (var line in required)
        {
            var (table, column) = (line.Split(' ')[0], line.Split(' ')[1]);
            var columns = await rows.ColumnsAsync(table);

            // A whole row, since rows of some tables can't be changed.
            var refusal = await rows.RefusalAsync(
                $"INSERT INTO {table} ({string.Join(", ", columns)}) SELECT {string.Join(", ", columns.Select(name => name == column ? "NULL" : name))} FROM {table}");

            Assert.True(refusal is not null, $"{table} has no row in {nameof(CatalogueRows)}");
            Assert.Equal((PostgresErrorCodes.NotNullViolation, column), (refusal.SqlState, refusal.ColumnName));
        }
    }

    /// <summary>A migrated database without rows.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        private PostgresDatabase _database = null!;
        private NpgsqlDataSource _source = null!;

        public async Task InitializeAsync()
        {
            _database = await PostgresDatabase.CreateAsync(GrainsHost.TemplateName, GrainsHost.MigrateAsync);
            _source = NpgsqlDataSource.Create(_database.ForSchema("catalogue"));
        }

        public async Task DisposeAsync()
        {
            await _source.DisposeAsync();
            await _database.DisposeAsync();
        }

        /// <summary>A transaction in which there is a row in every table, and which is rolled back.</summary>
        internal async Task<Rows> BeginAsync()
        {
            var connection = await _source.OpenConnectionAsync();
            var transaction = await connection.BeginTransactionAsync();
            var rows = new Rows(connection, transaction);
            Assert.Null(await rows.RefusalAsync(CatalogueRows.Sql));
            return rows;
        }
    }

    internal sealed class Rows(NpgsqlConnection connection, NpgsqlTransaction transaction) : IAsyncDisposable
    {
        /// <summary>What refuses the statements, which leave nothing then; null when they were carried out.</summary>
        public async Task<PostgresException?> RefusalAsync(string sql)
        {
            await transaction.SaveAsync("before");
            try
            {
                await using var command = new NpgsqlCommand(sql, connection);
                await command.ExecuteNonQueryAsync();
                return null;
            }
            catch (PostgresException exception)
            {
                await transaction.RollbackAsync("before");
                return exception;
            }
        }

        public async Task<List<string>> ListAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await using var reader = await command.ExecuteReaderAsync();
            var rows = new List<string>();
            while (await reader.ReadAsync())
                rows.Add(reader.GetString(0));
            return rows;
        }

        public Task<List<string>> ColumnsAsync(string table) =>
            ListAsync($"SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''");

        public async ValueTask DisposeAsync()
        {
            await transaction.DisposeAsync();
            await connection.DisposeAsync();
        }
    }
}
