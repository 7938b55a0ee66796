using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace GrainVault.Api.Files;

/// <summary>What conditional headers decide.</summary>
internal enum PreconditionDecision
{
    /// <summary>Go on.</summary>
    Proceed,

    /// <summary>304.</summary>
    NotModified,

    /// <summary>412.</summary>
    Failed,
}

/// <summary>Conditional requests in the order of RFC 9110, section 13.2.2.</summary>
internal static class Preconditions
{
    /// <summary>Evaluates everything but <c>If-Range</c>, for GET and HEAD.</summary>
    /// <param name="headers">Headers of the request.</param>
    /// <param name="etag">The content's strong entity tag.</param>
    /// <param name="lastModified">When the content changed last, in whole seconds.</param>
    public static PreconditionDecision Evaluate(IHeaderDictionary headers, EntityTagHeaderValue etag, DateTimeOffset lastModified)
    {
        if (headers.IfMatch.Count > 0)
        {
            if (!Matches(headers.IfMatch, etag, useStrongComparison: true))
                return PreconditionDecision.Failed;
        }
        else if (TryDate(headers.IfUnmodifiedSince, out var unmodifiedSince) && lastModified > unmodifiedSince)
        {
            return PreconditionDecision.Failed;
        }

        if (headers.IfNoneMatch.Count > 0)
            return Matches(headers.IfNoneMatch, etag, useStrongComparison: false) ? PreconditionDecision.NotModified : PreconditionDecision.Proceed;
        return TryDate(headers.IfModifiedSince, out var modifiedSince) && lastModified <= modifiedSince
            ? PreconditionDecision.NotModified
            : PreconditionDecision.Proceed;
    }

    /// <summary>
    /// True when the <c>Range</c> header counts: there is no <c>If-Range</c>, or it names exactly this content. A date is
    /// compared for equality and only when it is a strong validator (RFC 9110, sections 13.1.5 and 8.8.2.2).
    /// </summary>
    public static bool RangeApplies(StringValues ifRange, EntityTagHeaderValue etag, DateTimeOffset lastModified, DateTimeOffset now)
    {
        if (ifRange.Count == 0)
            return true;
        if (!RangeConditionHeaderValue.TryParse(ifRange.ToString(), out var condition))
            return false;
        if (condition.EntityTag is { } tag)
            return tag.Compare(etag, useStrongComparison: true);
        return condition.LastModified == lastModified && now - lastModified >= TimeSpan.FromSeconds(1);
    }

    private static bool Matches(StringValues header, EntityTagHeaderValue etag, bool useStrongComparison)
    {
        if (!EntityTagHeaderValue.TryParseList(header, out var tags))
            return false;
        foreach (var tag in tags)
        {
            if (tag.Equals(EntityTagHeaderValue.Any) || tag.Compare(etag, useStrongComparison))
                return true;
        }

        return false;
    }

    // A date that can't be read is ignored (RFC 9110, sections 13.1.3 and 13.1.4).
    private static bool TryDate(StringValues header, out DateTimeOffset date)
    {
        date = default;
        return header.Count == 1 && HeaderUtilities.TryParseDate(header[0], out date);
    }
}
