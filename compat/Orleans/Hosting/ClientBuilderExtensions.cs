using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;

namespace Orleans.Hosting;

/// <summary>Services and options of a client.</summary>
public static class ClientBuilderExtensions
{
    /// <summary>Adds services.</summary>
    /// <param name="builder">The client.</param>
    /// <param name="configureDelegate">Adds them.</param>
    /// <returns>The client.</returns>
    public static IClientBuilder ConfigureServices(this IClientBuilder builder, Action<IServiceCollection> configureDelegate)
    {
        ArgumentNullException.ThrowIfNull(configureDelegate);
        configureDelegate(builder.Services);
        return builder;
    }

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

    /// <summary>Sets options from configuration.</summary>
    /// <typeparam name="TOptions">The options' type.</typeparam>
    /// <param name="builder">The client.</param>
    /// <param name="configuration">The section with their values.</param>
    /// <returns>The client.</returns>
    public static IClientBuilder Configure<TOptions>(this IClientBuilder builder, IConfiguration configuration)
        where TOptions : class
    {
        builder.Services.AddOptions<TOptions>().Bind(configuration);
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
        return builder.UseConnectionRetryFilter(new DelegateRetryFilter(connectionRetryFilter));
    }

    /// <summary>Decides what happens when the cluster can't be reached at start.</summary>
    /// <param name="builder">The client.</param>
    /// <param name="connectionRetryFilter">Decides.</param>
    /// <returns>The client.</returns>
    public static IClientBuilder UseConnectionRetryFilter(this IClientBuilder builder, IClientConnectionRetryFilter connectionRetryFilter)
    {
        builder.Services.AddSingleton(connectionRetryFilter);
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
        return builder.AddGatewayCountChangedHandler(_ => handler);
    }

    /// <summary>Tells how many gateways the client is connected to.</summary>
    /// <param name="builder">The client.</param>
    /// <param name="handlerFactory">Makes what is told; it must not block.</param>
    /// <returns>The client.</returns>
    public static IClientBuilder AddGatewayCountChangedHandler(
        this IClientBuilder builder, Func<IServiceProvider, GatewayCountChangedHandler> handlerFactory)
    {
        ArgumentNullException.ThrowIfNull(handlerFactory);
        builder.Services.AddSingleton<IClusterConnectionStatusObserver>(services => new HandlerObserver(services, handlerFactory(services)));
        return builder;
    }

    /// <summary>Tells how many gateways the client is connected to, and when there is none left.</summary>
    /// <typeparam name="TObserver">The observer's type.</typeparam>
    /// <param name="builder">The client.</param>
    /// <param name="observer">Is told; must not block.</param>
    /// <returns>The client.</returns>
    public static IClientBuilder AddClusterConnectionStatusObserver<TObserver>(this IClientBuilder builder, TObserver observer)
        where TObserver : IClusterConnectionStatusObserver
    {
        builder.Services.AddSingleton<IClusterConnectionStatusObserver>(observer);
        return builder;
    }

    /// <summary>Tells how many gateways the client is connected to, and when there is none left.</summary>
    /// <typeparam name="TObserver">The observer's type, made by dependency injection. It must not block.</typeparam>
    /// <param name="builder">The client.</param>
    /// <returns>The client.</returns>
    public static IClientBuilder AddClusterConnectionStatusObserver<TObserver>(this IClientBuilder builder)
        where TObserver : class, IClusterConnectionStatusObserver
    {
        builder.Services.AddSingleton<IClusterConnectionStatusObserver, TObserver>();
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
