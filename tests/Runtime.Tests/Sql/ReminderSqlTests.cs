namespace GrainVault.Runtime.Tests.Sql;

public sealed class ReminderSqlTests(SqlContract sql) : IClassFixture<SqlContract>
{
    private static readonly DateTime Start = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);
    private readonly string _service = Guid.NewGuid().ToString("N");

    [Fact]
    public async Task Upsert_answers_with_a_version_that_changes()
    {
        var first = await UpsertAsync("a/1", "r", 0);
        var second = await UpsertAsync("a/1", "r", 0);
        Assert.NotEqual(first, second);
        var row = Assert.Single(await sql.RunAsync("ReadReminderRowKey", ("ServiceId", _service), ("GrainId", "a/1"), ("ReminderName", "r")));
        Assert.Equal(("a/1", "r", Start, 60_000L, second), (row["GrainId"], row["ReminderName"], row["StartTime"], row["Period"], row["Version"]));
    }

    [Fact]
    public async Task Rows_of_a_grain_are_listed()
    {
        await UpsertAsync("a/1", "r", 0);
        await UpsertAsync("a/1", "s", 0);
        await UpsertAsync("a/2", "r", 0);
        Assert.Equal(2, (await sql.RunAsync("ReadReminderRowsKey", ("ServiceId", _service), ("GrainId", "a/1"))).Count);
    }

    [Fact]
    public async Task Ranges_are_open_at_their_begin_and_closed_at_their_end()
    {
        int[] hashes = [int.MinValue, -5, 0, 5, int.MaxValue];
        foreach (var hash in hashes)
            await UpsertAsync($"a/{hash}", "r", hash);
        Assert.Equal([0, 5], await HashesAsync("ReadRangeRows1Key", -5, 5));
        Assert.Equal([int.MinValue, -5, int.MaxValue], await HashesAsync("ReadRangeRows2Key", 5, -5));
        Assert.Equal(hashes, await HashesAsync("ReadRangeRows2Key", 0, 0));
    }

    [Fact]
    public async Task Delete_takes_the_version_that_was_read()
    {
        var version = await UpsertAsync("a/1", "r", 0);
        Assert.Equal(0, await DeleteAsync(version + 1));
        Assert.Equal(1, await DeleteAsync(version));
        Assert.Equal(0, await DeleteAsync(version));
    }

    [Fact]
    public async Task All_rows_of_a_service_are_removed()
    {
        await UpsertAsync("a/1", "r", 0);
        await sql.RunAsync("DeleteReminderRowsKey", ("ServiceId", _service));
        Assert.Empty(await sql.RunAsync("ReadReminderRowsKey", ("ServiceId", _service), ("GrainId", "a/1")));
    }

    private async Task<int> UpsertAsync(string grain, string name, int hash) => (int)Assert.Single(await sql.RunAsync(
        "UpsertReminderRowKey", ("ServiceId", _service), ("GrainHash", hash), ("GrainId", grain), ("ReminderName", name),
        ("StartTime", Start), ("Period", 60_000L)))["Version"]!;

    private Task<int> DeleteAsync(int version) => sql.SingleAsync(
        "DeleteReminderRowKey", ("ServiceId", _service), ("GrainId", "a/1"), ("ReminderName", "r"), ("Version", version));

    private async Task<IEnumerable<int>> HashesAsync(string key, int begin, int end) =>
        (await sql.RunAsync(key, ("ServiceId", _service), ("BeginHash", begin), ("EndHash", end)))
        .Select(row => int.Parse(((string)row["GrainId"]!)[2..], System.Globalization.CultureInfo.InvariantCulture))
        .Order();
}
