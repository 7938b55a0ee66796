using Microsoft.Extensions.DependencyInjection;
using Orleans.Calls;
using Orleans.Runtime;

namespace Orleans.Runtime
{
    internal sealed class Activation : IGrainContext
    {
        internal static Activation? Current => null;
        internal required SiloRuntime Silo { get; init; }
        public required GrainReference GrainReference { get; init; }
        public GrainId GrainId => default;
        public object? GrainInstance => null;
        public required IServiceProvider ActivationServices { get; init; }
        public Task Deactivated => Task.CompletedTask;
        public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default) { }
        internal static Activation Of(IGrainBase grain) => (Activation)grain.GrainContext;
        internal void DelayDeactivation(TimeSpan time) => _ = time;
        internal IGrainTimer StartTimer(Func<CancellationToken, Task> callback, GrainTimerCreationOptions options) => throw new InvalidOperationException($"{callback}{options}");
    }

    internal sealed class SiloRuntime
    {
        internal required IGrainFactory GrainFactory { get; init; }
        internal required ReferenceFactory References { get; init; }
        internal required CallSender CallSender { get; init; }
        internal required Reminders.ReminderService Reminders { get; init; }
    }

    internal sealed class TracingOptions
    {
        internal bool Propagates { get; set; }
    }

    internal static class SiloServices
    {
        internal static void Add(IServiceCollection services) => _ = services;
    }
}

namespace Orleans.Calls
{
    internal sealed class ReferenceShared
    {
        internal required Type InterfaceType { get; init; }
        internal required SiloRuntime Silo { get; init; }
    }
    internal sealed class ReferenceFactory
    {
        internal GrainReference Create(Type type, GrainId id) => throw new InvalidOperationException($"{type}{id}");
    }
    internal sealed class CallSender
    {
        internal Task<T> Send<T>(GrainCall<T> call) => throw new InvalidOperationException($"{call}");
    }
    internal class GrainCall<T>
    {
        internal GrainId Target { get; set; }
    }
}

namespace Orleans.Storage
{
    internal static class StorageServices
    {
        internal const string DefaultName = "Default";
        internal static void AddAdoNet(IServiceCollection services, string name) => _ = (services, name);
        internal static void AddMemory(IServiceCollection services, string name) => _ = (services, name);
    }
}

namespace Orleans.Reminders
{
    internal static class ReminderServices
    {
        internal static void AddAdoNet(IServiceCollection services) => _ = services;
        internal static void AddMemory(IServiceCollection services) => _ = services;
    }
    internal sealed class ReminderService
    {
        internal Task<IGrainReminder> RegisterOrUpdateAsync(GrainId id, string name, TimeSpan due, TimeSpan period) => throw new InvalidOperationException($"{id}{name}{due}{period}");
        internal Task UnregisterAsync(GrainId id, IGrainReminder reminder) => throw new InvalidOperationException($"{id}{reminder}");
        internal Task<IGrainReminder?> GetAsync(GrainId id, string name) => throw new InvalidOperationException($"{id}{name}");
        internal Task<List<IGrainReminder>> ListAsync(GrainId id) => throw new InvalidOperationException($"{id}");
    }
}
