using GrainVault.Storage.Disk;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GrainVault.Storage.Tests.Disk;

/// <summary>The least front end that serves the signed URLs of a disk store, so that they can be tried as a client would.</summary>
internal sealed class DiskFrontEnd : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ISignedUrlStore _store;

    private DiskFrontEnd(WebApplication app, ISignedUrlStore store) => (_app, _store) = (app, store);

    public Uri Address => new(_app.Urls.First());

    public static async Task<DiskFrontEnd> StartAsync(ISignedUrlStore store)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        var app = builder.Build();
        var frontEnd = new DiskFrontEnd(app, store);
        app.Run(frontEnd.HandleAsync);
        await app.StartAsync();
        return frontEnd;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task HandleAsync(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        var verdict = _store.Verify(request.Method, request.Path.Value!, request.QueryString.Value, request.ContentLength);
        if (verdict.Request is not { } allowed)
            response.StatusCode = StatusCodes.Status403Forbidden;
        else if (allowed.Operation == SignedOperation.Get)
            await ReadAsync(allowed, response);
        else
            await WriteAsync(allowed, context);
    }

    private async Task ReadAsync(SignedObjectRequest allowed, HttpResponse response)
    {
        await using var read = await _store.OpenReadAsync(allowed);
        if (read is null)
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        response.ContentLength = read.Object.SizeBytes;
        response.Headers.ETag = $"\"{read.Object.ETag}\"";
        response.Headers.ContentDisposition = allowed.ContentDisposition;
        response.ContentType = allowed.ContentType;
        await read.Content.CopyToAsync(response.Body);
    }

    private async Task WriteAsync(SignedObjectRequest allowed, HttpContext context)
    {
        var written = await _store.WriteAsync(allowed, context.Request.BodyReader, context.RequestAborted);
        context.Response.StatusCode = written.Status switch
        {
            SignedWriteStatus.Stored => StatusCodes.Status200OK,
            SignedWriteStatus.UploadNotFound => StatusCodes.Status404NotFound,
            SignedWriteStatus.WrongSize => StatusCodes.Status400BadRequest,
            _ => StatusCodes.Status403Forbidden,
        };
        if (written.ETag is { } etag)
            context.Response.Headers.ETag = $"\"{etag}\"";
    }
}
