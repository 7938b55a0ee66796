using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Text;
using Orleans.AdoNet;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Storage;

/// <summary>A store behind the official table contract. The payload is that of <see cref="GrainStateJson"/>.</summary>
internal sealed class AdoNetGrainStorage(string name, AdoNetGrainStorageOptions options, ClusterOptions cluster) : IGrainStorage, IStartsWithSilo
{
    private const string ReadKey = "ReadFromStorageKey";
    private const string WriteKey = "WriteToStorageKey";
    private const string ClearKey = "ClearStorageKey";
    private const string DeleteKey = "DeleteStorageKey";

    private readonly AdoNetDatabase _database = new(
        options.Invariant, options.ConnectionString, $"{nameof(AdoNetGrainStorageOptions)} of {name}");

    public Task StartAsync(CancellationToken cancellationToken) => _database.LoadAsync(
        options.DeleteStateOnClear ? [ReadKey, WriteKey, ClearKey, DeleteKey] : [ReadKey, WriteKey, ClearKey], cancellationToken);

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ReadStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var rows = await _database.QueryAsync(ReadKey, KeyOf(stateName, grainId), ReadRow, cancellationToken);
        var (payload, version) = rows.Count > 0 ? rows[0] : default;
        grainState.ETag = version;
        grainState.RecordExists = payload is not null;
        grainState.State = payload is null ? PersistentState<T>.NewState() : GrainStateJson.Read<T>(payload)!;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        WriteStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        (string, DbType, object?)[] parameters =
        [
            .. KeyOf(stateName, grainId),
            ("GrainStateVersion", DbType.Int32, VersionOf(grainState.ETag)),
            ("PayloadBinary", DbType.Binary, GrainStateJson.Write(grainState.State)),
        ];
        var rows = await _database.QueryAsync(WriteKey, parameters, ReadVersion, cancellationToken);
        Take(grainState, rows, "write", stateName, grainId);
        grainState.RecordExists = true;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ClearStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        if (grainState.ETag is null)
            await ReadStateAsync(stateName, grainId, grainState, cancellationToken);
        if (grainState.ETag is not null)
        {
            (string, DbType, object?)[] parameters =
                [.. KeyOf(stateName, grainId), ("GrainStateVersion", DbType.Int32, VersionOf(grainState.ETag))];
            var rows = await _database.QueryAsync(options.DeleteStateOnClear ? DeleteKey : ClearKey, parameters, ReadVersion, cancellationToken);
            Take(grainState, rows, "clear", stateName, grainId);
        }
        grainState.RecordExists = false;
        if (options.DeleteStateOnClear)
            grainState.ETag = null;
    }

    /// <summary>A conflict shows as no row, or as the version that was passed in.</summary>
    private static void Take<T>(IGrainState<T> grainState, List<string?> rows, string change, string stateName, GrainId grainId)
    {
        var version = rows.Count > 0 ? rows[0] : null;
        if (version is null || version == grainState.ETag)
        {
            throw new InconsistentStateException(
                $"Version conflict on {change} of state {stateName} of {grainId}.", version ?? "unknown", grainState.ETag);
        }
        grainState.ETag = version;
    }

    private static object? VersionOf(string? etag) => etag is null ? null : int.Parse(etag, CultureInfo.InvariantCulture);

    private static (byte[]? Payload, string? Version) ReadRow(DbDataReader reader)
    {
        var payload = reader.GetOrdinal("PayloadBinary");
        return (reader.IsDBNull(payload) ? null : reader.GetFieldValue<byte[]>(payload), VersionAt(reader, reader.GetOrdinal("Version")));
    }

    private static string? ReadVersion(DbDataReader reader) => VersionAt(reader, 0);

    private static string? VersionAt(DbDataReader reader, int ordinal) =>
        reader.IsDBNull(ordinal) ? null : Convert.ToString(reader.GetValue(ordinal), CultureInfo.InvariantCulture);

    /// <summary>
    /// The row's key. The contract splits keys into numbers and an extension; here the whole key stands in the extension
    /// and its hash in the first number, so that no two keys fold together.
    /// </summary>
    private (string Name, DbType Type, object? Value)[] KeyOf(string stateName, GrainId grainId)
    {
        var key = grainId.Key.ToString();
        return
        [
            ("GrainIdHash", DbType.Int32, (int)grainId.GetUniformHashCode()),
            ("GrainIdN0", DbType.Int64, (long)grainId.Key.GetUniformHashCode()),
            ("GrainIdN1", DbType.Int64, 0L),
            ("GrainTypeHash", DbType.Int32, (int)StableHash.Compute(Encoding.UTF8.GetBytes(stateName))),
            ("GrainTypeString", DbType.String, stateName),
            ("GrainIdExtensionString", DbType.String, $"{grainId.Type}/{key}"),
            ("ServiceId", DbType.String, cluster.ServiceId),
        ];
    }
}
