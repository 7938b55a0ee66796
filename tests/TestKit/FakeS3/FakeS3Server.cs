using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GrainVault.TestKit.FakeS3;

/// <summary>
/// An S3 server in this process that does, on command, what a real one will not: see <see cref="Faults"/>. The conformance
/// suite of the object stores runs against it and against a real server, so that it does not lie.
/// </summary>
public sealed class FakeS3Server : IAsyncDisposable
{
    public const string AccessKey = "fakeaccess";
    public const string SecretKey = "fakesecret";

    private readonly ConcurrentDictionary<string, FakeBucket> _buckets = new(StringComparer.Ordinal);
    private readonly WebApplication _app;
    private readonly TimeProvider _time;

    private FakeS3Server(WebApplication app, TimeProvider time) => (_app, _time) = (app, time);

    /// <summary>URL of the server.</summary>
    public string Endpoint => _app.Urls.First();

    /// <summary>The knobs.</summary>
    public FakeS3Faults Faults { get; } = new();

    /// <summary>Calls that came, with those that failed.</summary>
    public ConcurrentQueue<FakeS3Call> Calls { get; } = new();

    /// <summary>False: only sizes and hashes are kept, and content reads as zeros.</summary>
    public bool KeepsBytes { get; set; } = true;

    /// <summary>False: <c>x-amz-copy-source-if-match</c> is ignored, as some servers do.</summary>
    public bool HonoursCopyCondition { get; set; } = true;

    /// <summary>Called when an object has come to be, with the event's name, the bucket and the object.</summary>
    public Action<string, string, FakeObject>? Created { get; set; }

    /// <summary>Starts a server on a free port.</summary>
    /// <param name="time">Clock of times, expiry and lagging lists. Default: the system's.</param>
    public static async Task<FakeS3Server> StartAsync(TimeProvider? time = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        var app = builder.Build();
        var server = new FakeS3Server(app, time ?? TimeProvider.System);
        app.Run(server.HandleAsync);
        await app.StartAsync();
        return server;
    }

    /// <summary>Headers of the last call, by their names in any case.</summary>
    public IReadOnlyDictionary<string, string> LastHeaders { get; private set; } = new Dictionary<string, string>();

    /// <summary>A bucket; it must be there.</summary>
    public FakeBucket Bucket(string name) => _buckets[name];

    /// <summary>A bucket, made when it is missing.</summary>
    public FakeBucket MakeBucket(string name) => _buckets.GetOrAdd(name, _ => new FakeBucket(_time, Faults));

    /// <summary>Number of calls of one operation so far.</summary>
    public int Count(string operation) => Calls.Count(call => call.Operation == operation);

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    internal FakeBucket? FindBucket(string name) => _buckets.GetValueOrDefault(name);

    internal bool CreateBucket(string name) => _buckets.TryAdd(name, new FakeBucket(_time, Faults));

    private async Task HandleAsync(HttpContext context)
    {
        var call = FakeS3Call.Parse(context.Request);
        LastHeaders = context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        Calls.Enqueue(call);
        var fault = Faults.Take(call) ?? new FakeS3Fault();
        try
        {
            if (Faults.Stall is { } stall)
                await stall(call).WaitAsync(context.RequestAborted);
            if (Faults.Latency + fault.Delay is var delay && delay > TimeSpan.Zero)
                await Task.Delay(delay, context.RequestAborted);
            if (fault.Hangs)
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            var answer = await AnswerAsync(context, call, fault);
            if (fault.LosesAnswer)
            {
                context.Abort();
                return;
            }

            if (fault.WrongETag is { } etag)
                answer.With("ETag", FakeS3Answer.Quote(etag));
            await answer.SendAsync(context, fault.TruncateBodyAt);
        }
        catch (Exception e) when (context.RequestAborted.IsCancellationRequested && e is OperationCanceledException or IOException)
        {
            // The client has gone.
        }
    }

    private async Task<FakeS3Answer> AnswerAsync(HttpContext context, FakeS3Call call, FakeS3Fault fault)
    {
        // A body is read in any case: a client that is still sending would not see the answer.
        var body = await FakeS3Body.ReadAsync(context.Request, KeepsBytes || !(call.Operation is "PutObject" or "UploadPart"));
        try
        {
            if (fault.Error is var (status, code))
                return FakeS3Answer.Error(status, code, "told to");
            var sha256 = FakeS3Signature.Check(context.Request, call, _time.GetUtcNow());
            if (sha256 is not null && sha256 != body.Sha256Hex)
                return FakeS3Answer.Error(400, "XAmzContentSHA256Mismatch", "");
            if (fault.ErrorInSuccess && !fault.HasEffect)
                return FakeS3Answer.Error(200, "InternalError", "told to");
            var answer = await FakeS3Operations.RunAsync(this, call, context.Request, body);
            return fault.ErrorInSuccess ? FakeS3Answer.Error(200, "InternalError", "told to") : answer;
        }
        catch (FakeS3Error error)
        {
            return FakeS3Answer.Error(error.Status, error.Code, error.Message);
        }
    }
}
