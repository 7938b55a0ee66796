namespace GrainVault.Runtime.Tests.Sql;

public sealed class StorageSqlTests(SqlContract sql) : IClassFixture<SqlContract>
{
    private readonly long _grain = Random.Shared.NextInt64();

    [Theory]
    [InlineData(null)]
    [InlineData("extension")]
    public async Task Write_without_a_version_inserts_once(string? extension)
    {
        Assert.Equal(1, await WriteAsync(extension, null, [1]));
        Assert.Null(await WriteAsync(extension, null, [2]));
        var row = Assert.Single(await sql.RunAsync("ReadFromStorageKey", Key(extension)));
        Assert.Equal([1], (byte[])row["PayloadBinary"]!);
        Assert.Equal(1, row["Version"]);
    }

    [Fact]
    public async Task Of_many_first_writes_at_once_one_wins()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => WriteAsync(null, null, [1])));
        Assert.Equal(1, Assert.Single(answers, answer => answer is not null));
        Assert.Single(await sql.RunAsync("ReadFromStorageKey", Key(null)));
    }

    [Fact]
    public async Task Write_with_a_version_updates_that_version_only()
    {
        await WriteAsync(null, null, [1]);
        Assert.Equal(2, await WriteAsync(null, 1, [2]));
        Assert.Equal(1, await WriteAsync(null, 1, [3]));
        Assert.Equal([2], (byte[])Assert.Single(await sql.RunAsync("ReadFromStorageKey", Key(null)))["PayloadBinary"]!);
    }

    [Fact]
    public async Task Clear_keeps_the_row_and_bumps_its_version()
    {
        await WriteAsync(null, null, [1]);
        Assert.Empty(await ChangeAsync("ClearStorageKey", 7));
        Assert.Equal(2, Assert.Single(await ChangeAsync("ClearStorageKey", 1)).Values.First());
        var row = Assert.Single(await sql.RunAsync("ReadFromStorageKey", Key(null)));
        Assert.Null(row["PayloadBinary"]);
        Assert.Equal(3, await WriteAsync(null, 2, [4]));
    }

    [Fact]
    public async Task Delete_removes_the_row_of_that_version()
    {
        await WriteAsync(null, null, [1]);
        Assert.Empty(await ChangeAsync("DeleteStorageKey", 7));
        Assert.Equal(2, Assert.Single(await ChangeAsync("DeleteStorageKey", 1)).Values.First());
        Assert.Empty(await sql.RunAsync("ReadFromStorageKey", Key(null)));
    }

    private async Task<int?> WriteAsync(string? extension, int? version, byte[] payload)
    {
        (string Name, object? Value)[] parameters = [.. Key(extension), ("GrainStateVersion", version), ("PayloadBinary", payload)];
        return (int?)Assert.Single(await sql.RunAsync("WriteToStorageKey", parameters))["NewGrainStateVersion"];
    }

    private Task<List<Dictionary<string, object?>>> ChangeAsync(string key, int version) =>
        sql.RunAsync(key, [.. Key(null), ("GrainStateVersion", version)]);

    private (string Name, object? Value)[] Key(string? extension) =>
    [
        ("GrainIdHash", 1), ("GrainIdN0", _grain), ("GrainIdN1", 2L), ("GrainTypeHash", 3), ("GrainTypeString", "state"),
        ("GrainIdExtensionString", extension), ("ServiceId", "service"),
    ];
}
