using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;

namespace Orleans.Hosting;

/// <summary>Services and options of a client.</summary>
public static class ClientBuilderExtensions
{
    /// <summary>Sets options.</summary>
    /// <typeparam name="TOptions">The options' type.</typeparam>
    /// <param name="builder">The client.</param>
    /// <param name="configureOptions">Sets them.</param>
    /// <returns>The client.</returns>
    public static IClientBuilder Configure<TOptions>(this IClientBuilder builder, Action<TOptions> configureOptions)
        where TOptions : class
    {
        builder.Services.Configure(configureOptions);
        return builder;
    }

    /// <summary>Carries the W3C trace context with calls and makes an activity for each.</summary>
    /// <param name="builder">The client.</param>
    /// <returns>The client.</returns>
    public static IClientBuilder AddActivityPropagation(this IClientBuilder builder) =>
        builder.Configure<TracingOptions>(options => options.Propagates = true);

    /// <summary>Decides what happens when the cluster can't be reached at start.</summary>
    /// <param name="builder">The client.</param>
    /// <param name="connectionRetryFilter">Decides.</param>
    /// <returns>The client.</returns>
    public static IClientBuilder UseConnectionRetryFilter(this IClientBuilder builder, Func<Exception, CancellationToken, Task<bool>> connectionRetryFilter)
    {
        ArgumentNullException.ThrowIfNull(connectionRetryFilter);
        builder.Services.AddSingleton<IClientConnectionRetryFilter>(new DelegateRetryFilter(connectionRetryFilter));
        return builder;
    }

    /// <summary>Decides what happens when the cluster can't be reached at start.</summary>
    /// <typeparam name="TConnectionRetryFilter">Decides; made by dependency injection.</typeparam>
    /// <param name="builder">The client.</param>
    /// <returns>The client.</returns>
    public static IClientBuilder UseConnectionRetryFilter<TConnectionRetryFilter>(this IClientBuilder builder)
        where TConnectionRetryFilter : class, IClientConnectionRetryFilter
    {
        builder.Services.AddSingleton<IClientConnectionRetryFilter, TConnectionRetryFilter>();
        return builder;
    }

    /// <summary>Tells how many gateways the client is connected to.</summary>
    /// <param name="builder">The client.</param>
    /// <param name="handler">Is told; must not block.</param>
    /// <returns>The client.</returns>
    public static IClientBuilder AddGatewayCountChangedHandler(this IClientBuilder builder, GatewayCountChangedHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        builder.Services.AddSingleton<IClusterConnectionStatusObserver>(services => new HandlerObserver(services, handler));
        return builder;
    }

    private sealed class DelegateRetryFilter(Func<Exception, CancellationToken, Task<bool>> filter) : IClientConnectionRetryFilter
    {
        public Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken) => filter(exception, cancellationToken);
    }

    private sealed class HandlerObserver(IServiceProvider services, GatewayCountChangedHandler handler) : IClusterConnectionStatusObserver
    {
        public void NotifyGatewayCountChanged(int currentNumberOfGateways, int previousNumberOfGateways, bool connectionRecovered) =>
            handler(services.GetRequiredService<IClusterClient>(), new GatewayCountChangedEventArgs(currentNumberOfGateways, previousNumberOfGateways));

        public void NotifyClusterConnectionLost()
        {
        }
    }
}
