namespace GrainVault.Api.Shedding;

/// <summary>What a request costs, and so in which order requests are sent away when there is too much to do.</summary>
internal enum RequestWeight
{
    /// <summary>Reads metadata: sent away last.</summary>
    Read,

    /// <summary>Changes something, checks a password or moves content out.</summary>
    Change,

    /// <summary>Brings content in: sent away first.</summary>
    Upload,
}

/// <summary>The weight that an endpoint states; without it, reads are <see cref="RequestWeight.Read"/> and all else is <see cref="RequestWeight.Change"/>.</summary>
internal sealed class StatedWeight(RequestWeight weight)
{
    /// <summary>The weight.</summary>
    public RequestWeight Weight { get; } = weight;
}

/// <summary>Weights of requests.</summary>
internal static class RequestWeights
{
    /// <summary>States the weight of an endpoint.</summary>
    public static TBuilder Weighs<TBuilder>(this TBuilder endpoint, RequestWeight weight)
        where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new StatedWeight(weight));

    /// <summary>The weight of a request whose endpoint is known.</summary>
    public static RequestWeight Of(HttpContext context)
    {
        var method = context.Request.Method;
        if (context.GetEndpoint()?.Metadata.GetMetadata<StatedWeight>() is { } stated)
            return HttpMethods.IsHead(method) ? RequestWeight.Read : stated.Weight;
        return HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method) ? RequestWeight.Read : RequestWeight.Change;
    }
}
