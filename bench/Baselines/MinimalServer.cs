using System.Buffers;
using System.Text.Json;
using Amazon.S3.Model;
using Microsoft.Win32.SafeHandles;
using Npgsql;

namespace GrainVault.Bench.Baselines;

/// <summary>
/// Minimal APIs without accounts, ledger, quota or checks: S3 PUT and one INSERT for a small file, one SELECT for metadata,
/// one INSERT for the events of a notification, one fsynced file for a part.
/// </summary>
internal static class MinimalServer
{
    public static async Task<int> RunAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        await using var postgres = NpgsqlDataSource.Create(S3Settings.Required("BASELINE_POSTGRES"));
        var app = builder.Build();
        if (Environment.GetEnvironmentVariable("BASELINE_S3_ENDPOINT") is not null)
        {
            MapSmallFiles(app, postgres);
        }

        MapMetadata(app, postgres);
        MapEvents(app, postgres);
        MapParts(app);
        await app.RunAsync();
        return 0;
    }

    private static void MapSmallFiles(WebApplication app, NpgsqlDataSource postgres)
    {
        var s3 = S3Settings.CreateClient();
        app.MapPost("/small/{name}", async (string name, HttpRequest request) =>
        {
            var body = new byte[(int)request.ContentLength!.Value];
            await request.Body.ReadExactlyAsync(body);
            var key = $"baseline/{Guid.NewGuid():n}";
            await s3.PutObjectAsync(new PutObjectRequest
            {
                BucketName = S3Settings.Bucket,
                Key = key,
                InputStream = new MemoryStream(body, writable: false),
                UseChunkEncoding = false,
            });
            await using var insert = postgres.CreateCommand("INSERT INTO baseline_files (id, name, size, object_key) VALUES ($1, $2, $3, $4)");
            insert.Parameters.AddWithValue(Guid.CreateVersion7());
            insert.Parameters.AddWithValue(name);
            insert.Parameters.AddWithValue((long)body.Length);
            insert.Parameters.AddWithValue(key);
            await insert.ExecuteNonQueryAsync();
            return Results.Created($"/small/{name}", new { name, size = body.Length });
        });
    }

    private static void MapMetadata(WebApplication app, NpgsqlDataSource postgres) =>
        app.MapGet("/row/{id}", async (string id) =>
        {
            await using var select = postgres.CreateCommand(
                """
                SELECT e.id, e.kind, e.name, e.parent_id, e.owner_id, v.size_bytes, v.content_type, v.number, e.visibility, e.created_at, e.modified_at
                FROM catalogue.entries e JOIN catalogue.file_versions v ON v.file_id = e.id AND v.number = e.current_version
                WHERE e.id = $1
                """);
            select.Parameters.AddWithValue(id);
            await using var reader = await select.ExecuteReaderAsync();
            return await reader.ReadAsync()
                ? Results.Ok(new
                {
                    id = reader.GetString(0),
                    kind = reader.GetValue(1).ToString(),
                    name = reader.GetString(2),
                    parentId = reader.IsDBNull(3) ? null : reader.GetString(3),
                    ownerId = reader.GetString(4),
                    size = reader.GetInt64(5),
                    contentType = reader.GetString(6),
                    version = reader.GetInt32(7),
                    visibility = reader.GetValue(8).ToString(),
                    createdAt = reader.GetFieldValue<DateTimeOffset>(9),
                    modifiedAt = reader.GetFieldValue<DateTimeOffset>(10),
                })
                : Results.NotFound();
        });

    private static void MapEvents(WebApplication app, NpgsqlDataSource postgres) =>
        app.MapPost("/events", async (HttpRequest request) =>
        {
            using var body = await JsonDocument.ParseAsync(request.Body);
            var keys = body.RootElement.GetProperty("Records").EnumerateArray()
                .Select(record => record.GetProperty("s3").GetProperty("object").GetProperty("key").GetString()!).ToArray();
            await using var insert = postgres.CreateCommand("INSERT INTO baseline_events (key) SELECT unnest($1) ON CONFLICT DO NOTHING");
            insert.Parameters.AddWithValue(keys);
            await insert.ExecuteNonQueryAsync();
            return Results.NoContent();
        });

    private static void MapParts(WebApplication app)
    {
        var folder = Environment.GetEnvironmentVariable("BASELINE_FOLDER") ?? Path.GetTempPath();
        app.MapGet("/file", () => Results.File(Path.Combine(folder, "whole"), "application/octet-stream", enableRangeProcessing: true));
        app.MapPut("/part/{number:int}", async (int number, HttpRequest request) =>
        {
            var buffer = ArrayPool<byte>.Shared.Rent(1 << 20);
            try
            {
                var path = Path.Combine(folder, $"part-{number}");
                using SafeFileHandle file = File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.None, FileOptions.Asynchronous);
                long offset = 0;
                int read;
                while ((read = await request.Body.ReadAsync(buffer)) > 0)
                {
                    await RandomAccess.WriteAsync(file, buffer.AsMemory(0, read), offset);
                    offset += read;
                }

                RandomAccess.FlushToDisk(file);
                return Results.Ok(new { number, size = offset });
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        });
    }
}
