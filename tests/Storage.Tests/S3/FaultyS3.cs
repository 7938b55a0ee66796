using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace GrainVault.Storage.Tests.S3;

/// <summary>
/// Stands between a store and the real S3 server and does, on command, what a real one will not. Without a command it
/// passes everything on unchanged, signatures included.
/// </summary>
public sealed class FaultyS3 : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
    private readonly string _target;

    private FaultyS3(WebApplication app, string target) => (_app, _target) = (app, target);

    public string Endpoint => _app.Urls.First();

    /// <summary>The fault: true when it has answered the request itself.</summary>
    public Func<HttpContext, FaultyS3, Task<bool>> Fault { get; set; } = (_, _) => Task.FromResult(false);

    /// <summary>Requests that came, as <c>METHOD path?query</c>.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public static async Task<FaultyS3> StartAsync(string target)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        var app = builder.Build();
        var proxy = new FaultyS3(app, target);
        app.Run(proxy.HandleAsync);
        await app.StartAsync();
        return proxy;
    }

    /// <summary>Answers with an S3 error document.</summary>
    public static async Task<bool> AnswerErrorAsync(HttpContext context, int status, string code)
    {
        await context.Request.Body.CopyToAsync(Stream.Null);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/xml";
        await context.Response.WriteAsync($"<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>told to</Message></Error>");
        return true;
    }

    /// <summary>Passes a request on, and hands over the real answer before anything of it was sent.</summary>
    public async Task<HttpResponseMessage> PassOnAsync(HttpContext context)
    {
        var raw = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), _target + raw);
        if (context.Request.ContentLength is not null || context.Request.Headers.TransferEncoding.Count > 0)
            request.Content = new StreamContent(context.Request.Body);
        foreach (var (name, values) in context.Request.Headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, values.ToArray()))
                request.Content?.Headers.TryAddWithoutValidation(name, values.ToArray());
        }

        request.Headers.ExpectContinue = false;
        return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>Sends the head of a real answer.</summary>
    public static void CopyHead(HttpResponseMessage from, HttpContext to)
    {
        to.Response.StatusCode = (int)from.StatusCode;
        foreach (var (name, values) in from.Headers.Concat(from.Content.Headers))
        {
            if (name is not ("Transfer-Encoding" or "Connection"))
                to.Response.Headers[name] = values.ToArray();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _client.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        Requests.Enqueue($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}");
        if (await Fault(context, this))
            return;
        using var answer = await PassOnAsync(context);
        CopyHead(answer, context);
        if (!HttpMethods.IsHead(context.Request.Method) && answer.StatusCode != System.Net.HttpStatusCode.NoContent)
            await answer.Content.CopyToAsync(context.Response.Body);
    }
}
