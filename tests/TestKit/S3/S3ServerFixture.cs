namespace GrainVault.TestKit.S3;

/// <summary>
/// The one S3 server of this test process, started when it is first needed; use it as a class or collection fixture.
/// Tests share it, so each uses keys or a bucket of its own, and one that stops a server starts its own.
/// </summary>
public sealed class S3ServerFixture
{
    private static readonly Lock Gate = new();
    private static Task<S3Server>? _server;

    public string AccessKey => S3Server.AccessKey;

    public string SecretKey => S3Server.SecretKey;

    /// <summary>The running server.</summary>
    public static Task<S3Server> ServerAsync()
    {
        lock (Gate)
            return _server ??= StartAsync();
    }

    /// <summary>URL of the running server.</summary>
    public async Task<string> EndpointAsync() => (await ServerAsync()).Endpoint;

    private static async Task<S3Server> StartAsync()
    {
        var server = await S3Server.StartAsync();
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
#pragma warning disable VSTHRD002 // The process ends here: there is nothing left to return to.
            server.DisposeAsync().AsTask().GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
        };
        return server;
    }
}
