using GrainVault.Api.Http;
using GrainVault.Files;
using GrainVault.Options;
using GrainVault.Storage;
using Microsoft.Extensions.Options;

namespace GrainVault.Api.Files;

/// <summary>
/// Sends readers to the store itself. The URL works for whoever has it, until it expires: a right that is taken away ends no later
/// than that (<see cref="DirectOptions.ReadLifetime"/>).
/// </summary>
internal sealed class ContentRedirects(IObjectStore store, IOptions<DirectOptions> options)
{
    /// <summary>
    /// False where the store might answer otherwise than we would: with <c>If-Range</c>, which some stores do not heed, a part of a new
    /// version would be joined to one of an old.
    /// </summary>
    public static bool Suits(HttpRequest request) => HttpMethods.IsGet(request.Method) && request.Headers.IfRange.Count == 0;

    /// <summary>The redirect; null when there is nothing to redirect to: an empty file, or a store without URLs.</summary>
    /// <exception cref="ObjectStoreException">The store's credentials can't be had now.</exception>
    public async Task<IResult?> FindAsync(ContentDescriptor content, CancellationToken cancellationToken)
    {
        if (content.ObjectKey.Length == 0 || store is not IPresigningStore signer)
            return null;
        var url = await signer.PresignGetAsync(
            content.ObjectKey, options.Value.ReadLifetime, ContentDisposition.Attachment(content.Entry.Name), FileContent.TypeOf(content), cancellationToken);
        return new Redirect(url.Url.OriginalString);
    }

    private sealed class Redirect(string url) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var response = httpContext.Response;
            response.StatusCode = StatusCodes.Status307TemporaryRedirect;
            response.Headers.Location = PublicUrl.Of(httpContext.Request, url);
            response.Headers.CacheControl = "no-store";
            return Task.CompletedTask;
        }
    }
}
