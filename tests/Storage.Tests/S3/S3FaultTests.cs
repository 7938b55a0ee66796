using System.Diagnostics;
using System.Text;
using GrainVault.Storage.S3;
using GrainVault.Storage.Tests.Conformance;
using GrainVault.TestKit.S3;
using Microsoft.AspNetCore.Http;

namespace GrainVault.Storage.Tests.S3;

/// <summary>What an S3 server may do on a bad day, and what callers see of it.</summary>
public sealed class S3FaultTests : IAsyncLifetime
{
    private FaultyS3 _proxy = null!;
    private S3ObjectStore _store = null!;

    private string Key { get; } = ObjectKeys.NewContentKey();

    public async Task InitializeAsync()
    {
        _proxy = await FaultyS3.StartAsync((await S3ServerFixture.ServerAsync()).Endpoint);
        var options = S3Fixture.Options(_proxy.Endpoint);
        options.ReadStallTimeout = TimeSpan.FromSeconds(1);
        options.ControlTimeout = TimeSpan.FromSeconds(10);
        options.WriteTimeout = TimeSpan.FromSeconds(10);
        _store = new S3ObjectStore(options, TimeProvider.System, null);
        await _store.EnsureBucketAsync();
    }

    public async Task DisposeAsync()
    {
        _store.Dispose();
        await _proxy.DisposeAsync();
    }

    [Fact]
    public async Task Completion_that_says_200_with_an_error_is_no_success()
    {
        var (id, part) = await UploadPartAsync();
        _proxy.Fault = (context, _) => IsComplete(context) ? FaultyS3.AnswerErrorAsync(context, 200, "InternalError") : Pass;
        Assert.Equal(ObjectStoreError.Unavailable, await ErrorOfAsync(() => _store.CompleteAsync(Key, id, [part])));
        Assert.Null(await _store.FindAsync(Key));
        _proxy.Fault = (_, _) => Pass;
        Assert.Equal(1000, (await _store.CompleteAsync(Key, id, [part])).SizeBytes);
    }

    [Fact]
    public async Task Completion_whose_answer_was_lost_succeeds_when_repeated()
    {
        var (id, part) = await UploadPartAsync();
        var completions = 0;
        _proxy.Fault = async (context, proxy) =>
        {
            if (!IsComplete(context))
                return false;
            if (Interlocked.Increment(ref completions) > 1)
                return await FaultyS3.AnswerErrorAsync(context, 404, "NoSuchUpload");
            using var done = await proxy.PassOnAsync(context);
            Assert.True(done.IsSuccessStatusCode);
            context.Abort();
            return true;
        };
        Assert.Equal(1000, (await _store.CompleteAsync(Key, id, [part])).SizeBytes);
        Assert.Equal(2, completions);
    }

    [Fact]
    public async Task Unknown_upload_is_no_success_when_another_object_stands_at_the_key()
    {
        var (id, part) = await UploadPartAsync();
        await _store.PutAsync(Key, Content.Random(999));
        _proxy.Fault = (context, _) => IsComplete(context) ? FaultyS3.AnswerErrorAsync(context, 404, "NoSuchUpload") : Pass;
        Assert.Equal(ObjectStoreError.UploadNotFound, await ErrorOfAsync(() => _store.CompleteAsync(Key, id, [part])));
    }

    [Fact]
    public async Task Body_that_breaks_off_throws_in_the_middle()
    {
        await _store.PutAsync(Key, Content.Random(1_000_000));
        _proxy.Fault = (context, proxy) => SendHalfAsync(context, proxy, abort: true);
        Assert.Equal(ObjectStoreError.Unavailable, await ErrorOfAsync(ReadAllAsync));
    }

    [Fact]
    public async Task Body_that_stalls_throws_after_the_limit()
    {
        await _store.PutAsync(Key, Content.Random(1_000_000));
        _proxy.Fault = (context, proxy) => SendHalfAsync(context, proxy, abort: false);
        var clock = Stopwatch.StartNew();
        Assert.Equal(ObjectStoreError.Unavailable, await ErrorOfAsync(ReadAllAsync));
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(0.9), TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Body_without_a_length_is_never_taken_for_an_empty_object()
    {
        await _store.PutAsync(Key, Content.Random(1000));
        _proxy.Fault = async (context, _) =>
        {
            if (!HttpMethods.IsGet(context.Request.Method))
                return false;
            await context.Response.Body.WriteAsync(new byte[10]);
            return true;
        };
        Assert.Equal(ObjectStoreError.Unavailable, await ErrorOfAsync(ReadAllAsync));
    }

    [Fact]
    public async Task Throttling_is_repeated_and_then_succeeds()
    {
        var attempts = 0;
        _proxy.Fault = (context, _) =>
            HttpMethods.IsPut(context.Request.Method) && Interlocked.Increment(ref attempts) <= 2 ? FaultyS3.AnswerErrorAsync(context, 503, "SlowDown") : Pass;
        await _store.PutAsync(Key, Content.Random(2_000_000));
        _proxy.Fault = (_, _) => Pass;
        Assert.Equal(3, attempts);
        await using var stream = await _store.OpenReadAsync(Key);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        Assert.Equal(Content.Bytes(2_000_000), copy.ToArray());
    }

    [Theory]
    [InlineData(500, "InternalError", ObjectStoreError.Unavailable, 3)]
    [InlineData(503, "SlowDown", ObjectStoreError.Unavailable, 3)]
    [InlineData(403, "AccessDenied", ObjectStoreError.Refused, 1)]
    [InlineData(403, "QuotaExceeded", ObjectStoreError.Full, 1)]
    [InlineData(507, "InsufficientStorage", ObjectStoreError.Full, 3)]
    [InlineData(404, "NoSuchUpload", ObjectStoreError.UploadNotFound, 1)]
    [InlineData(404, "NoSuchBucket", ObjectStoreError.Refused, 1)]
    [InlineData(400, "InvalidPart", ObjectStoreError.InvalidPart, 1)]
    [InlineData(400, "XAmzContentSHA256Mismatch", ObjectStoreError.Unavailable, 1)]
    public async Task Error_of_the_server_becomes_ours_after_its_number_of_attempts(int status, string code, ObjectStoreError expected, int attemptCount)
    {
        var attempts = 0;
        _proxy.Fault = (context, _) =>
        {
            Interlocked.Increment(ref attempts);
            return FaultyS3.AnswerErrorAsync(context, status, code);
        };
        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => _store.PutPartAsync(Key, "some-upload", 1, Content.Random(100)));
        Assert.Equal(expected, error.Error);
        Assert.InRange(attempts, 1, attemptCount);
        Assert.DoesNotContain(S3Server.SecretKey, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answer_that_is_no_xml_is_unavailable()
    {
        _proxy.Fault = async (context, _) =>
        {
            context.Response.ContentType = "text/html";
            await context.Response.WriteAsync("<html>maintenance<br>");
            return true;
        };
        Assert.Equal(ObjectStoreError.Unavailable, await ErrorOfAsync(() => _store.InitiateAsync(Key)));
        Assert.Equal(ObjectStoreError.Unavailable, await ErrorOfAsync(() => _store.ListPartsAsync(Key, "some-upload", 0)));
    }

    [Fact]
    public async Task Call_that_gets_no_answer_ends_at_its_limit()
    {
        var options = S3Fixture.Options(_proxy.Endpoint);
        (options.ControlTimeout, options.WriteTimeout) = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        using var impatient = new S3ObjectStore(options, TimeProvider.System, null);
        _proxy.Fault = async (context, _) =>
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return true;
        };
        var clock = Stopwatch.StartNew();
        Assert.Equal(ObjectStoreError.Unavailable, await ErrorOfAsync(() => impatient.PutPartAsync(Key, "some-upload", 1, Content.Random(1 << 20))));
        Assert.Equal(ObjectStoreError.Unavailable, await ErrorOfAsync(() => impatient.FindAsync(Key)));
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(1.8), TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Cancellation_in_the_middle_of_a_part_ends_the_call_at_once()
    {
        using var cancel = new CancellationTokenSource();
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _proxy.Fault = async (context, _) =>
        {
            arrived.TrySetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return true;
        };
        var call = _store.PutPartAsync(Key, "some-upload", 1, Content.Random(8 << 20), cancel.Token);
        await arrived.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await cancel.CancelAsync();
        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(TimeSpan.FromSeconds(5)));
        Assert.Equal(cancel.Token, error.CancellationToken);
    }

    [Fact]
    public async Task Abort_whose_parts_do_not_go_away_says_so()
    {
        _proxy.Fault = async (context, _) =>
        {
            if (HttpMethods.IsDelete(context.Request.Method))
            {
                context.Response.StatusCode = 204;
                return true;
            }

            context.Response.ContentType = "application/xml";
            await context.Response.WriteAsync(
                "<ListPartsResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><IsTruncated>false</IsTruncated>"
                + "<Part><PartNumber>1</PartNumber><ETag>\"x\"</ETag><Size>5</Size></Part></ListPartsResult>",
                Encoding.UTF8);
            return true;
        };
        Assert.False(await _store.AbortAsync(Key, "some-upload"));
        Assert.Equal(3, _proxy.Requests.Count(request => request.StartsWith("DELETE", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Part_is_one_request_and_so_is_a_whole_object()
    {
        var id = await _store.InitiateAsync(Key);
        _proxy.Requests.Clear();
        await _store.PutPartAsync(Key, id, 1, Content.Random(1 << 20));
        Assert.Single(_proxy.Requests);
        await _store.PutAsync(ObjectKeys.NewContentKey(), Content.Random(1 << 20));
        Assert.Equal(2, _proxy.Requests.Count);
    }

    [Fact]
    public async Task Part_that_is_not_what_its_hash_says_is_never_stored()
    {
        var id = await _store.InitiateAsync(Key);
        var damaged = Content.Bytes(1 << 20);
        var content = Content.Of(damaged);
        damaged[77]++;
        Assert.Equal(ObjectStoreError.Unavailable, await ErrorOfAsync(() => _store.PutPartAsync(Key, id, 1, content)));
        Assert.Empty(await _store.ListPartsAsync(Key, id, 0));
        Assert.Equal(ObjectStoreError.Unavailable, await ErrorOfAsync(() => _store.PutAsync(Key, content)));
        Assert.Null(await _store.FindAsync(Key));
    }

    private static Task<bool> Pass => Task.FromResult(false);

    private static bool IsComplete(HttpContext context) =>
        HttpMethods.IsPost(context.Request.Method) && context.Request.Query.ContainsKey("uploadId");

    private static async Task<ObjectStoreError> ErrorOfAsync(Func<Task> call) => (await Assert.ThrowsAsync<ObjectStoreException>(call)).Error;

    private static async Task<bool> SendHalfAsync(HttpContext context, FaultyS3 proxy, bool abort)
    {
        if (!HttpMethods.IsGet(context.Request.Method))
            return false;
        using var answer = await proxy.PassOnAsync(context);
        var body = await answer.Content.ReadAsByteArrayAsync();
        FaultyS3.CopyHead(answer, context);
        await context.Response.Body.WriteAsync(body.AsMemory(0, body.Length / 2));
        await context.Response.Body.FlushAsync();
        if (abort)
            context.Abort();
        else
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        return true;
    }

    private async Task ReadAllAsync()
    {
        await using var stream = await _store.OpenReadAsync(Key);
        await stream.CopyToAsync(Stream.Null);
    }

    private async Task<(string Id, StoredPart Part)> UploadPartAsync()
    {
        var id = await _store.InitiateAsync(Key);
        return (id, await _store.PutPartAsync(Key, id, 1, Content.Random(1000)));
    }
}
