using System.Globalization;

namespace Orleans
{
    /// <summary>Names a grain class in grain ids. Without it the name is the class name in lower case without "Grain".</summary>
    /// <param name="grainType">The name: unique among the grain classes of a cluster.</param>
    [AttributeUsage(AttributeTargets.Class)]
    public sealed class GrainTypeAttribute(string grainType) : Attribute
    {
        internal string GrainType { get; } = grainType;
    }

    /// <summary>Sets how long a call of this method may take before the caller gets a <see cref="TimeoutException"/>.</summary>
    [AttributeUsage(AttributeTargets.Method | AttributeTargets.Interface)]
    public sealed class ResponseTimeoutAttribute : Attribute
    {
        /// <summary>Sets the timeout.</summary>
        /// <param name="timeout">A time span such as "00:00:05".</param>
        public ResponseTimeoutAttribute(string timeout) => Timeout = TimeSpan.Parse(timeout, CultureInfo.InvariantCulture);

        /// <summary>The timeout.</summary>
        public TimeSpan? Timeout { get; set; }
    }

    /// <summary>Sets after which idle time activations of a class are collected.</summary>
    [AttributeUsage(AttributeTargets.Class)]
    public class CollectionAgeLimitAttribute : Attribute
    {
        private readonly TimeSpan? _parsed;

        /// <summary>Takes the age from <see cref="Days"/>, <see cref="Hours"/> and <see cref="Minutes"/>.</summary>
        public CollectionAgeLimitAttribute()
        {
        }

        /// <summary>Sets the age.</summary>
        /// <param name="inactivityPeriod">A time span such as "00:10:00".</param>
        public CollectionAgeLimitAttribute(string inactivityPeriod) =>
            _parsed = TimeSpan.Parse(inactivityPeriod, CultureInfo.InvariantCulture);

        /// <summary>Days of the age.</summary>
        public double Days { get; set; }

        /// <summary>Hours of the age.</summary>
        public double Hours { get; set; }

        /// <summary>Minutes of the age.</summary>
        public double Minutes { get; set; }

        /// <summary>The idle time after which an activation may be collected.</summary>
        public TimeSpan AgeLimit =>
            _parsed ?? TimeSpan.FromDays(Days) + TimeSpan.FromHours(Hours) + TimeSpan.FromMinutes(Minutes);
    }
}

namespace Orleans.Runtime
{
    /// <summary>Asks for a persistent state in a grain's constructor.</summary>
    /// <param name="stateName">The name of the state: the key of its row in the store, so unique among all classes.</param>
    /// <param name="storageName">The name of the store; null means the default store.</param>
    [AttributeUsage(AttributeTargets.Parameter)]
    public class PersistentStateAttribute(string stateName, string? storageName = null) : Attribute
    {
        /// <summary>The name of the state.</summary>
        public string StateName { get; } = stateName;

        /// <summary>The name of the store; null means the default store.</summary>
        public string? StorageName { get; } = storageName;
    }
}
