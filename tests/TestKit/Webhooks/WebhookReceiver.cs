using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GrainVault.TestKit.Webhooks;

/// <summary>A delivery as it came.</summary>
public sealed record Received(string Path, string MessageId, JsonElement Body, bool IsSigned);

/// <summary>Somebody's server that takes deliveries, and checks their signatures.</summary>
public sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;

    private WebhookReceiver(WebApplication app) => _app = app;

    public string Url => _app.Urls.First();

    public ConcurrentQueue<Received> Deliveries { get; } = new();

    /// <summary>Secrets by path.</summary>
    public ConcurrentDictionary<string, byte[]> Secrets { get; } = new();

    /// <summary>What is answered, by path and number of the delivery from 1.</summary>
    public Func<string, int, int> Status { get; set; } = (_, _) => 204;

    /// <summary>What an answer waits for, by path and number of the delivery from 1.</summary>
    public Func<string, int, Task> Hold { get; set; } = (_, _) => Task.CompletedTask;

    public static async Task<WebhookReceiver> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var receiver = new WebhookReceiver(builder.Build());
        receiver._app.Run(receiver.TakeAsync);
        await receiver._app.StartAsync();
        return receiver;
    }

    public IEnumerable<Received> Of(string path) => Deliveries.Where(delivery => delivery.Path == path);

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using var bytes = new MemoryStream();
        await context.Request.Body.CopyToAsync(bytes);
        var headers = context.Request.Headers;
        var path = context.Request.Path.Value!;
        var (id, time, body) = (headers["webhook-id"].ToString(), headers["webhook-timestamp"].ToString(), bytes.ToArray());
        var isSigned = Secrets.TryGetValue(path, out var secret)
            && long.TryParse(time, out var seconds)
            && Math.Abs(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - seconds) < 60
            && headers["webhook-signature"] == Signature(secret, id, time, body);
        Deliveries.Enqueue(new Received(path, id, JsonDocument.Parse(body).RootElement, isSigned));
        var number = Of(path).Count();
        await Hold(path, number);
        context.Response.StatusCode = Status(path, number);
    }

    /// <summary>As Standard Webhooks says, by this side's own reading of it.</summary>
    private static string Signature(byte[] secret, string id, string time, byte[] body)
    {
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{id}.{time}."), .. body];
        return $"v1,{Convert.ToBase64String(HMACSHA256.HashData(secret, signed))}";
    }
}
