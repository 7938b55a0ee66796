using GrainVault.Api.Files;

namespace GrainVault.Api.Links;

/// <summary>Content that is sent under a ticket: what was taken of it and not sent is given back, whatever has ended the response.</summary>
/// <param name="content">The content.</param>
/// <param name="lengthBytes">What was taken.</param>
/// <param name="token">Token of the link.</param>
/// <param name="ticket">The ticket that the response goes on with, or gives.</param>
/// <param name="visits">Calls the link.</param>
internal sealed class LinkedContent(FileContent content, long lengthBytes, string token, string ticket, LinkVisits visits) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        try
        {
            await content.ExecuteAsync(httpContext);
        }
        finally
        {
            if (content.Sent.Count != lengthBytes)
                await visits.GiveBackAsync(token, ticket, lengthBytes - content.Sent.Count);
        }
    }
}
